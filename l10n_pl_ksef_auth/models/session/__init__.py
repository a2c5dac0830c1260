from . import session
from . import login
from . import active
from . import token
from . import errand
from . import signed_file
