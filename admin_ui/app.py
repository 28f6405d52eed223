"""The page's Flask app: languages, guards, sessions, pages, failures, put together once."""

from flask import Flask

from admin_ui import (
    devices,
    history,
    home,
    languages,
    lists,
    log,
    offers,
    profiles,
    setup,
    signing,
    why,
    windows,
)
from admin_ui.cookie import StoreSessions
from admin_ui.failures import install_failures
from admin_ui.house import House, install_house
from admin_ui.language import install_language
from admin_ui.security import install_security
from admin_ui.shell import install_shell
from admin_ui.signed import install_sign_in

_NOUNS = (
    setup,
    signing,
    languages,
    home,
    profiles,
    windows,
    devices,
    log,
    why,
    history,
    lists,
    offers,
)


def create_app(house: House) -> Flask:
    """Return the page of a house, ready for a WSGI server."""
    app = Flask("admin_ui")
    app.secret_key = house.key
    app.session_interface = StoreSessions(house.guardians, house.clock, house.key)
    install_house(app, house)
    # Before a request reaches a view: its language, so that a refusal can be read; then whether
    # it may come here at all; then who sent it.
    install_language(app)
    install_security(app)
    install_sign_in(app)
    install_shell(app)
    for noun in _NOUNS:
        app.register_blueprint(noun.pages)
    install_failures(app)
    return app
