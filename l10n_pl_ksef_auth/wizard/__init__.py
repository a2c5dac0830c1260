from . import authorization
from . import authorization_file
from . import authorization_view
from . import authorization_advice
from . import confirmation
from . import uninstall
from . import unlock
from . import office_setup
