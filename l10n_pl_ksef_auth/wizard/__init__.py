from . import authorization
from . import authorization_view
from . import confirmation
from . import uninstall
from . import unlock
