"""Why a name is open or closed: for a row of the log as it was decided then, or asked anew."""

from zoneinfo import ZoneInfo

from flask import Blueprint, abort, request

from admin_ui.answers import act_of, answer_of, facts_of, parse_ask, people_of
from admin_ui.house import this_house
from admin_ui.log import log_line
from admin_ui.pages import Shown, WhyAskPage, WhyRowPage, show
from admin_ui.times import ZoneName

pages = Blueprint("why", __name__, url_prefix="/why")


@pages.get("/row/<int:row_id>")
def row(row_id: int) -> Shown:
    house = this_house()
    found = house.log.row(row_id) or abort(404)
    policy = house.policy()
    zone = policy.document.zone
    page = WhyRowPage(
        row=log_line(policy, found, house.clock(), ZoneInfo(zone)),
        facts=facts_of(policy.document, found),
        act=act_of(policy, found.profile, found.name, found.reason),
        zone=ZoneName(zone),
    )
    return show(page)


@pages.get("/")
def ask() -> Shown:
    house = this_house()
    policy, now = house.policy(), house.clock()
    asked = parse_ask(request.args, policy.document)
    form, answer, act = asked.form, None, None
    if asked.is_complete:
        answer = answer_of(policy, asked, now)
        act = act_of(policy, answer.profile_id, answer.name, answer.code)
    zone = ZoneName(policy.document.zone)
    page = WhyAskPage(form, people_of(policy.document), answer, act, zone)
    return show(page, 422 if form.errors else 200)
