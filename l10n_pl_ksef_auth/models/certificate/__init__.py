from . import certificate
from . import agreement
from . import enrollment
from . import renewal
from . import leaving
from . import offline
from . import by_hand
