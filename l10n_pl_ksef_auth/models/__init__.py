from . import vault
from .base import steps
from . import session
from . import certificate
from . import res_company
from . import res_company_api
from . import res_config_settings
from . import upkeep
