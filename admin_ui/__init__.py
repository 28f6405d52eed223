"""The guardian's page: ``create_app(house)`` returns it as a WSGI app.

Serving it, and what stands behind the questions it asks of its house, is the service's matter.
"""

from admin_ui.app import create_app
from admin_ui.house import HeldList, House, ListState

__all__ = ["HeldList", "House", "ListState", "create_app"]
