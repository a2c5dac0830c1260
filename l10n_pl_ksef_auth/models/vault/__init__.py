from . import rotation
from . import vault
