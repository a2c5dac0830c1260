from . import address
from . import token
from . import guesses
from . import request
from . import letters
from . import signing
from . import tending
