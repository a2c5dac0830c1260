"""Fixtures of the reader's tests."""

import pytest

from ksef_simulator.layouts import LAYOUTS


@pytest.fixture(params=list(LAYOUTS))
def layout(request):
    """Each way in which signing programs lay out a signature."""
    return request.param
