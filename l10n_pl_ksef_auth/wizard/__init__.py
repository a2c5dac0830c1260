from . import ksef_authorization
from . import ksef_authorization_documents
from . import ksef_authorization_view
from . import ksef_authorization_take_over
from . import ksef_confirmation
from . import ksef_unlock
