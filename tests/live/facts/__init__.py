"""The facts, by what they are about; they are seen in this order."""

from . import logging_in
from . import documents
from . import sessions
from . import certificates
from . import lives_of_certificates
from . import tokens
from . import offices
from . import staff
from . import last
