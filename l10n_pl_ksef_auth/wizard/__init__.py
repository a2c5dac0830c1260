from . import (
    ksef_authorization,
    ksef_authorization_documents,
    ksef_authorization_view,
    ksef_confirmation,
    ksef_unlock,
)
