"""Looks at a running console with a real browser, as Deploy/console-test has it.

  browser.py check ADDRESS               every page without scripts, by keyboard, at 390 pixels, through axe; 65 and what is wrong
  browser.py screenshots ADDRESS FOLDER  a picture of every page: wide, dark, at 390 pixels, and as it prints
"""
import os
import re
import sys

from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("ACCOUNTABILITY_CHROMIUM", "/usr/bin/chromium")
# What nobody links from elsewhere is left out: files that a browser keeps, and what programs read.
NO_PAGE = re.compile(r"\.csv|\.xlsx|/api/|#")
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


class Faults(list):
    """What is wrong, said as it is found."""

    def note(self, text):
        """Takes note of a fault."""
        print(f"console-test: {text}", file=sys.stderr)
        self.append(text)


def kinds(page, address):
    """One page of every kind that the links lead to, by name."""
    found = {}
    waiting = [address + "/", address + "/run"]
    seen = set()
    shapes = [
        ("run", r"/run$"), ("determinations", r"/years/\d+$"), ("state", r"/years/\d+/state$"), ("rejections", r"/rejections$"),
        ("files", r"/files$"), ("frameworks", r"/frameworks$"), ("framework", r"/frameworks/[^/?]+$"),
        ("compare, to choose", r"/years/\d+/compare$"), ("compare", r"/years/\d+/compare\?org=(?!\d{4}0000)\d{8}$"), ("duties", r"/duties$"),
        ("district", r"/years/\d+/organizations/\d{4}0000$"), ("school", r"/years/\d+/organizations/(?!\d{4}0000)\d{8}$"),
    ]
    while waiting and len(seen) < 40:
        next_address = waiting.pop(0)
        if next_address in seen:
            continue
        seen.add(next_address)
        page.goto(next_address)
        links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        for link in [page.url] + [link for link in links if link.startswith(address) and not NO_PAGE.search(link)]:
            for name, shape in shapes:
                if name not in found and re.search(shape, link):
                    found[name] = link
                    waiting.append(link)
    missing = [name for name, _ in shapes if name not in found]
    if missing:
        raise SystemExit(f"console-test: no page links to {', '.join(missing)}: does the installation have determinations?")
    found["search without a result"] = found["determinations"] + "?q=no-such-name"
    found["why not"] = found["school"] + "?why_not=meeting"
    found["compare, found"] = found["compare"] + "&q=0"
    found["nothing"] = address + "/nothing"
    return found


def watched(page, faults, name):
    """Notes what the browser complains of."""
    page.on("console", lambda message: faults.note(f"{name}: the browser says: {message.text}")
            if message.type == "error" and "404" not in message.text else None)
    page.on("pageerror", lambda error: faults.note(f"{name}: {error}"))


def check_layout(page, faults, name):
    """Nothing sticks out of the window: wide tables scroll by themselves."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        faults.note(f"{name}: the page is {wide} pixels wider than the window")
    if page.locator("h1").count() != 1:
        faults.note(f"{name}: a page has one heading of the first rank")


def check_keyboard(page, faults, name):
    """Everything that can be used is reached with Tab, in the order of the page, and shows that it has the focus."""
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.className") != "skip":
        faults.note(f"{name}: the first stop of Tab is the link to the content")
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')]"
        ".filter(part => part.checkVisibility({contentVisibilityAuto: true})).length"
    )
    reached = 1
    for _ in range(min(wanted, 60) - 1):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            "(() => { const part = document.activeElement; if (part === document.body) return null;"
            " const style = getComputedStyle(part); return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0; })()"
        )
        if focus is None:
            break
        reached += 1
        if not focus:
            faults.note(f"{name}: {page.evaluate('document.activeElement.outerHTML')[:120]} does not show that it has the focus")
    if reached < min(wanted, 60):
        faults.note(f"{name}: Tab reaches {reached} of {wanted} things that can be used")


def check_axe(page, faults, name):
    """axe finds nothing."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError as error:
        raise SystemExit("console-test: axe-playwright-python is not installed; Deploy/install-python installs it") from error
    for violation in Axe().run(page).response["violations"]:
        nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
        faults.note(f"{name}: axe: {violation['id']} ({violation['impact']}): {violation['help']}: {nodes}")


def check_print(page, faults, name):
    """Paper has the foot, which says whom the figures are for, and nothing that only a screen can do."""
    page.emulate_media(media="print")
    if not page.locator(".foot p").first.is_visible():
        faults.note(f"{name}: the printed page does not say whom its figures are for")
    for part in page.locator("nav, form, button, figcaption details:not([open])").all():
        if part.is_visible():
            faults.note(f"{name}: the printed page shows {part.evaluate('part => part.outerHTML')[:120]}")
    page.emulate_media(media="screen")


def check_live(browser, address, faults):
    """The run renews itself without a visit, and the page says so."""
    page = browser.new_context(viewport=WIDE).new_page()
    watched(page, faults, "run, live")
    page.goto(address + "/run")
    # Not wait_for_function: the page's policy forbids what it evaluates again and again.
    page.locator("#renewed", has_text="Live").wait_for(timeout=10_000)
    page.context.close()


def check(browser, address):
    """Every check on every kind of page."""
    faults = Faults()
    first = browser.new_context().new_page()
    pages = kinds(first, address)
    first.context.close()
    for name, target in pages.items():
        for scripts, size, scheme in [(False, PHONE, "light"), (True, PHONE, "dark"), (True, WIDE, "light"), (True, WIDE, "dark")]:
            context = browser.new_context(viewport=size, java_script_enabled=scripts, color_scheme=scheme)
            page = context.new_page()
            label = f"{name}, {size['width']} pixels, {scheme}{'' if scripts else ', no scripts'}"
            watched(page, faults, label)
            answer = page.goto(target)
            if answer.status != (404 if name == "nothing" else 200):
                faults.note(f"{label}: the answer is {answer.status}")
            if scripts:
                check_layout(page, faults, label)
                check_axe(page, faults, label)
            if scripts and size is WIDE and scheme == "light":
                check_keyboard(page, faults, label)
                check_print(page, faults, label)
            elif not scripts and page.locator("h1").count() != 1:
                faults.note(f"{label}: there is no heading")
            context.close()
    # The search, by keyboard and without scripts.
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["determinations"])
    before = page.locator("tbody tr").count()
    page.locator("#f-q").press_sequentially("no such name")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=no+such+name**")
    if page.locator("td.empty").count() < 1 or before < 2:
        faults.note("the search without scripts does not narrow the list")
    context.close()
    check_live(browser, address, faults)
    print(f"console-test: {len(pages)} pages, {len(faults)} faults")
    return 65 if faults else 0


def screenshots(browser, address, folder):
    """A picture of every page."""
    os.makedirs(folder, exist_ok=True)
    first = browser.new_context().new_page()
    pages = kinds(first, address)
    first.context.close()
    for name, target in pages.items():
        file = os.path.join(folder, name.replace(" ", "-"))
        for kind, size, scheme in [("wide", WIDE, "light"), ("dark", WIDE, "dark"), ("phone", PHONE, "light")]:
            context = browser.new_context(viewport=size, color_scheme=scheme, device_scale_factor=2 if size is PHONE else 1)
            page = context.new_page()
            page.goto(target)
            page.screenshot(path=f"{file}-{kind}.png", full_page=True)
            context.close()
        page = browser.new_context().new_page()
        page.goto(target)
        page.pdf(path=f"{file}.pdf", format="Letter", print_background=True)
        page.context.close()
        print(f"{file}-wide.png")
    return 0


def main():
    """Starts the browser for what is asked."""
    command, address = sys.argv[1], sys.argv[2].rstrip("/")
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs what a container often does not give; the pages are this program's own.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            return check(browser, address) if command == "check" else screenshots(browser, address, sys.argv[3])
        finally:
            browser.close()


if __name__ == "__main__":
    sys.exit(main())
