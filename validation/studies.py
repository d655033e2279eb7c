"""All studies, in the order of the report."""

from __future__ import annotations

from .study import Study

STUDIES: tuple[Study, ...] = ()
