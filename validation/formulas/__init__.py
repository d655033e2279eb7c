"""The paper's formulas beside exact values.

``corrections``: where the published formulas are wrong
``exact``: exact values for the fields of a case, from the oracle
``maxwellian_symbol``: a quantum Maxwellian as matrices and as a symbol
``semiclassical``: the expansions of section 4 beside exact values
``section4``: what section 4 claims, row by row
``statements``: the identities of sections 2 and 3, each as (left, right)
"""
