from . import office
from . import grant
