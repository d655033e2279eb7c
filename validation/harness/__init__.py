"""What all studies share: claims, tasks, figures and the report.

``claims``: claims with verdicts that follow from numbers, tables and figures
``orders``: orders of convergence, measured only where they can be seen
``figures``: the look of figures, and the few kinds of them
``tasks``: what a study computes, piece by piece, each kept on disk and done once
``study``: a study: its tasks, and what it concludes from them
``report``: the page of all studies, every number as JSON, every figure as files
"""
