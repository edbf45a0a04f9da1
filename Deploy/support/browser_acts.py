"""A person's way through the console with accounts, in a real browser, as Deploy/console-test has it.

  browser_acts.py ADDRESS FOLDER [PICTURES]   FOLDER has password, mistakes.csv, mended.csv and district; 65 and what is wrong

Signs in, submits a file with mistakes, mends it, looks at what it changes, tries a draft of a framework, releases results with a second person, looks at what everybody sees
before and after, decides about a file that waits, withdraws the release, and looks at what a district sees: by mouse, by keyboard alone, and once
without scripts.
"""
import os
import re
import sys

from browser import CHROMIUM, PHONE, WIDE, Faults, check_axe, check_keyboard, check_layout
from playwright.sync_api import expect, sync_playwright

# A dry run computes the year twice, and a machine of tests is slow.
PATIENCE = 120_000


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, browser, address, folder, name, faults, pictures=None, scripts=True):
        """Opens the browser; nobody is signed in yet."""
        self.address, self.name, self.faults, self.pictures = address, name, faults, pictures
        self.password = open(os.path.join(folder, "password"), encoding="utf-8").read().strip()
        self.page = browser.new_context(viewport=WIDE, java_script_enabled=scripts).new_page()
        self.page.set_default_timeout(PATIENCE)
        self.scripts = scripts
        if scripts:
            self.page.on("pageerror", lambda error: faults.note(f"{name}: {error}"))

    def open(self, path):
        """Goes to a page; returns the status."""
        return self.page.goto(self.address + path).status

    def sign_in(self):
        """By keyboard alone: the name has no focus yet, and Enter sends the form."""
        self.open("/sign-in")
        self.page.locator("#name").focus()
        self.page.keyboard.type(self.name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(self.password)
        self.page.keyboard.press("Enter")
        expect(self.page.locator(".person")).to_contain_text(self.name)
        return self

    def press(self, name):
        """Presses a button by keyboard."""
        self.page.get_by_role("button", name=name, exact=True).focus()
        self.page.keyboard.press("Enter")

    def discard(self):
        """Discards a file, and is where another one is chosen."""
        self.press("Discard")
        expect(self.page).to_have_url(re.compile("/upload$"))

    def look(self, name):
        """The page is well in every size and scheme."""
        page = self.page
        for size, scheme in [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")]:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            label = f"{name}, {size['width']} pixels, {scheme}"
            check_layout(page, self.faults, label)
            check_axe(page, self.faults, label)
            if self.pictures and scheme == "light":
                page.screenshot(path=os.path.join(self.pictures, f"{name.replace(' ', '-')}-{size['width']}.png"), full_page=True)
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light")

    def expect_text(self, text):
        """Waits until the page says something; without scripts it is asked again."""
        for _ in range(20):
            if self.scripts or self.page.locator("#waiting").count() == 0:
                break
            self.page.get_by_role("link", name="Look again").click()
        expect(self.page.locator("main")).to_contain_text(text, timeout=PATIENCE)

    def choose(self, file):
        """Chooses a file, and asks what it would change."""
        self.open("/upload")
        self.page.set_input_files("#file", file)
        self.press("See what it would change")
        self.page.wait_for_url("**/errands/*")
        self.expect_text("Prepared by")


def signing_in(browser, address, folder, faults, pictures):
    """What a stranger sees, and what a wrong password gets."""
    stranger = Person(browser, address, folder, "stranger", faults, pictures)
    for path in ["/run", "/files", "/years/2019", "/release", "/upload"]:
        stranger.open(path)
        if "/sign-in" not in stranger.page.url:
            faults.note(f"{path} is shown to a stranger")
    stranger.open("/")
    if "/sign-in" not in stranger.page.url or stranger.open("/public") != 404:
        faults.note("something is public before anything was released")
    stranger.open("/sign-in")
    stranger.look("sign in")
    check_keyboard(stranger.page, faults, "sign in")
    stranger.page.locator("#name").fill("clerk")
    stranger.page.locator("#password").fill("not the password")
    stranger.press("Sign in")
    expect(stranger.page.get_by_role("alert")).to_contain_text("wrong")
    stranger.look("sign in refused")


def too_large(browser, address, folder, faults, pictures):
    """A file above the limit is refused in words, before it is sent or after."""
    file = os.path.join(folder, "large.csv")
    with open(file, "wb") as empty:
        empty.truncate(65 << 20)
    for scripts in [True, False]:
        clerk = Person(browser, address, folder, "clerk", faults, pictures, scripts).sign_in()
        clerk.open("/upload")
        clerk.page.set_input_files("#file", file)
        clerk.press("See what it would change")
        expect(clerk.page.locator("#file-fault" if scripts else "main .lead")).to_contain_text("64 MB")
        if scripts:
            expect(clerk.page.get_by_role("button", name="See what it would change")).to_be_enabled()
            clerk.look("a file that is too large")
        clerk.page.context.close()


def submitting(browser, address, folder, faults, pictures):
    """A file with mistakes is looked at and discarded; mended, it is submitted."""
    clerk = Person(browser, address, folder, "clerk", faults, pictures).sign_in()
    clerk.open("/upload")
    clerk.look("submit a file")
    check_keyboard(clerk.page, faults, "submit a file")
    dropped = clerk.page.evaluate_handle(
        "() => { const data = new DataTransfer(); data.items.add(new File(['a,b\\n1,2\\n'], 'dropped.csv', {type: 'text/csv'})); return data; }"
    )
    clerk.page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})
    if clerk.page.evaluate("document.getElementById('file').files[0]?.name") != "dropped.csv":
        faults.note("a file that is dropped is not chosen")
    clerk.press("See what it would change")
    clerk.page.wait_for_url("**/errands/*")
    clerk.expect_text("The file cannot be taken as it is")
    clerk.discard()
    clerk.choose(os.path.join(folder, "mistakes.csv"))
    clerk.expect_text("What it would change")
    expect(clerk.page.get_by_role("table", name="Rows that break a rule, by rule")).to_contain_text("grade")
    clerk.look("dry run")
    clerk.discard()
    clerk.choose(os.path.join(folder, "mended.csv"))
    clerk.expect_text("What it would change")
    clerk.press("Submit it")
    clerk.expect_text("It is done.")
    expect(clerk.page.get_by_role("table", name="What became of the rows")).to_be_visible()
    clerk.look("receipt")
    clerk.open("/files")
    expect(clerk.page.locator("main")).to_contain_text("mended.csv")
    if clerk.open("/acts/release") != 403:
        faults.note("data staff are shown the form of a release")
    return clerk


def trying(clerk):
    """A draft is compared with the framework in force, and what it would change is read from its page."""
    page = clerk.page
    clerk.open("/frameworks")
    page.get_by_role("link", name="draft-2018", exact=True).click()
    page.locator("#f-beside").select_option("2018")
    clerk.press("Show")
    beside = page.get_by_role("table", name="Parameters that differ from framework 2018")
    expect(beside.get_by_role("rowheader")).to_have_text(["determination.lowest_performing_percentile"])
    expect(page.locator("main")).to_contain_text("a draft of Deploy/console-test")
    clerk.look("a draft beside the framework in force")
    page.get_by_role("link", name="What if: this framework in place of the one in force").click()
    expect(page.locator("#f-framework")).to_have_value("draft-2018")
    clerk.press("See what it would change")
    page.wait_for_url("**/errands/*")
    clerk.expect_text(" would change.")
    changed = page.get_by_role("table", name="Determinations that would change")
    expect(changed.get_by_role("row").nth(1)).to_contain_text("Focused targeted")
    if page.get_by_role("button", name="Submit it").count() + page.locator("form[action$='/confirm']").count() > 0:
        clerk.faults.note("a what-if can be confirmed")
    clerk.look("what if of a draft")
    page.get_by_role("link", name="Try another").click()
    expect(page.locator("#f-framework")).to_have_value("draft-2018")


def releasing(browser, address, folder, faults, pictures):
    """One approver prepares the release, another one confirms it."""
    chief = Person(browser, address, folder, "chief", faults, pictures).sign_in()
    chief.open("/release")
    expect(chief.page.locator("main")).to_contain_text("You have not marked any results as seen")
    chief.look("release desk")
    check_keyboard(chief.page, faults, "release desk")
    chief.press("Mark these results as seen")
    expect(chief.page.locator("main")).to_contain_text("No determination has changed since")
    chief.page.get_by_role("link", name="Release results").click()
    chief.page.locator("#f-kind").select_option("official")
    chief.page.locator("#f-year").fill("19")
    chief.press("See what it would change")
    expect(chief.page.locator("#f-year-fault")).to_be_visible()
    chief.look("release with a fault")
    chief.page.locator("#f-year").fill("2019")
    chief.press("See what it would change")
    chief.expect_text("It takes a second person")
    if chief.page.get_by_role("button", name="Release them").count() > 0:
        faults.note("who prepared an official release can confirm it")
    expect(chief.page.get_by_role("table", name="What goes to whom")).to_contain_text("Everyone")
    notice = chief.page.locator("details").first
    notice.locator("summary").focus()
    chief.page.keyboard.press("Enter")
    expect(notice.locator("pre")).to_contain_text("annual performance determination")
    chief.look("release prepared")
    second = Person(browser, address, folder, "second", faults).sign_in()
    second.open("/release")
    second.page.get_by_role("table", name="Prepared acts, with who prepared them").get_by_role("link", name="Release results").click()
    second.press("Release them")
    second.expect_text("It is done.")
    expect(second.page.locator("main")).to_contain_text("Confirmed by")
    second.look("released")
    return chief


def until(person, path, status):
    """Asks for a page until it has a status: a release goes through the stages first."""
    for _ in range(120):
        if person.open(path) == status:
            return
        person.page.wait_for_timeout(500)
    person.faults.note(f"{path} does not come to {status}")


def everybody(browser, address, folder, faults, pictures):
    """What nobody in particular sees of released results, without scripts too; leads to the school that it looked at."""
    stranger = Person(browser, address, folder, "stranger", faults, pictures)
    until(stranger, "/public", 200)
    stranger.open("/")
    expect(stranger.page).to_have_url(re.compile("/public/years/2019$"))
    expect(stranger.page.locator("h1")).to_have_text("Official results")
    stranger.look("public results")
    check_keyboard(stranger.page, faults, "public results")
    stranger.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Public state").click()
    expect(stranger.page.locator("main")).to_contain_text("Classifications and levels")
    stranger.look("public state")
    stranger.open("/public/years/2019?type=school")
    school = stranger.page.locator("tbody a").first.get_attribute("href")
    for path, name in [(school, "public school"), (re.sub(r"\d{4}$", "0000", school), "public district")]:
        until(stranger, path, 200)
        stranger.look(name)
        check_keyboard(stranger.page, faults, name)
    plain = Person(browser, address, folder, "stranger", faults, None, False)
    if plain.open(school) != 200 or plain.page.locator("table").count() < 3:
        faults.note("a school's public report without scripts is not whole")
    for path in ["/years/2019", school.replace("/public", "")]:
        plain.open(path)
        if "/sign-in" not in plain.page.url:
            faults.note(f"{path} is shown to a stranger")
    return stranger


def deciding(clerk, chief, stranger, folder):
    """What would change official results waits, and somebody else decides."""
    clerk.choose(os.path.join(folder, "late.csv"))
    clerk.expect_text("What it would change")
    clerk.press("Submit it")
    clerk.expect_text("Wait for an approval")
    chief.open("/release")
    expect(chief.page.get_by_role("table", name="Determinations that changed since you marked them as seen")).to_contain_text("official")
    chief.look("release desk after changes")
    chief.page.get_by_role("link", name="look and decide").click()
    chief.look("decide")
    chief.press("See what it would change")
    chief.expect_text("What it would change")
    chief.press("Approve it")
    chief.expect_text("It is done.")
    chief.open("/acts/withdraw-release")
    chief.page.locator("#f-kind").select_option("official")
    chief.page.locator("#f-year").fill("2019")
    chief.press("See what it would change")
    chief.expect_text("What it would change")
    chief.press("Withdraw the release")
    chief.expect_text("It is done.")
    until(stranger, "/public", 404)
    for path, name in [("/audit-trail", "audit trail"), ("/completeness/2019", "completeness")]:
        if chief.open(path) != 200:
            chief.faults.note(f"{path} is not shown")
        chief.look(name)
    expect(chief.page.locator("main")).not_to_contain_text("cannot")


def running(browser, address, folder, faults, pictures):
    """Who runs the installation sees what failed."""
    ops = Person(browser, address, folder, "ops", faults, pictures).sign_in()
    for path in ["/deliveries", "/quarantine", "/acts/deliveries"]:
        if ops.open(path) != 200:
            faults.note(f"{path} is not shown to an operator")
        ops.look(path.strip("/").replace("/", " "))


def district(browser, address, folder, faults, pictures):
    """A district sees its own, without scripts too, and is signed out for good."""
    own, other = open(os.path.join(folder, "district"), encoding="utf-8").read().split()
    for scripts in [True, False]:
        person = Person(browser, address, folder, "district", faults, pictures, scripts).sign_in()
        if person.open(f"/years/2019/organizations/{other}") != 404:
            faults.note("a district is shown another one")
        if person.open("/run") != 403:
            faults.note("a district is shown the run")
        until(person, f"/years/2019/organizations/{own}", 200)
        person.open("/years/2019")
        if other[:4] in person.page.locator("main").inner_text():
            faults.note("a district's list has another one")
        person.choose(os.path.join(folder, "mended.csv"))
        person.expect_text("What it would change")
        if scripts:
            person.look("dry run of a district")
        person.discard()
        person.page.set_input_files("#file", os.path.join(folder, "strange.csv"))
        person.press("See what it would change")
        expect(person.page.locator("#file-fault")).to_contain_text("no organization of your district " + own)
        if scripts:
            person.look("another district's row")
        cookies = person.page.context.cookies()
        if not (len(cookies) == 1 and cookies[0]["httpOnly"] and cookies[0]["sameSite"] == "Strict"):
            faults.note(f"the cookie is {[(cookie['name'], cookie['httpOnly'], cookie['sameSite']) for cookie in cookies]}")
        person.press("Sign out")
        expect(person.page).to_have_url(re.compile("/sign-in"))
        person.page.context.add_cookies(cookies)
        person.open("/files")
        if "/sign-in" not in person.page.url:
            faults.note("the cookie of before signs in again")
        person.page.context.close()


def main():
    """The whole way."""
    address, folder = sys.argv[1].rstrip("/"), sys.argv[2]
    pictures = sys.argv[3] if len(sys.argv) > 3 else None
    faults = Faults()
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs what a container often does not give; the pages are this program's own.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            signing_in(browser, address, folder, faults, pictures)
            too_large(browser, address, folder, faults, pictures)
            clerk = submitting(browser, address, folder, faults, pictures)
            trying(clerk)
            chief = releasing(browser, address, folder, faults, pictures)
            district(browser, address, folder, faults, pictures)
            stranger = everybody(browser, address, folder, faults, pictures)
            deciding(clerk, chief, stranger, folder)
            running(browser, address, folder, faults, pictures)
        finally:
            browser.close()
    print(f"console-test: a person's way with accounts, {len(faults)} faults")
    return 65 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
