"""Take the screenshot of an alert mail for the docs, on a phone, light and dark, from the mails that a demo wrote:

squall demo --keep     # prints where its e-mails are
python -m tests.support.mail_screenshot FOLDER "Harbor Union" docs/images

The largest mail of those whose subject has the text and that report something new is drawn.
"""

from __future__ import annotations

import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from tests.support.browser import chromium

WIDTH, HEIGHT = 400, 900


def _html(mail: EmailMessage, folder: Path) -> str:
    """Return the mail's HTML with its pictures as files of `folder`."""
    body = mail.get_body(("html",))
    assert body is not None
    text: str = body.get_content()
    for part in mail.walk():
        if part.get_content_maintype() == "image":
            name = str(part["Content-ID"]).strip("<>")
            (folder / f"{name}.png").write_bytes(part.get_payload(decode=True))  # type: ignore[arg-type]
            text = text.replace(f"cid:{name}", f"{name}.png")
    return text


def _reports(mail: EmailMessage, wanted: str) -> bool:
    subject = str(mail["Subject"])
    return wanted in subject and "resolved" not in subject and "still firing" not in subject


def main(mails: Path, subject: str, folder: Path) -> None:
    """Save alert-mail.png under `folder`."""
    found = sorted(mails.rglob("*.eml"), key=lambda path: path.stat().st_size, reverse=True)
    read = (message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=policy.default) for path in found)
    mail = next(mail for mail in read if _reports(mail, subject))
    with TemporaryDirectory() as temporary, chromium() as browser:
        page_file = Path(temporary) / "mail.html"
        page_file.write_text(_html(mail, Path(temporary)), encoding="utf-8")
        picture = Image.new("RGB", (2 * WIDTH, HEIGHT))
        for place, scheme in enumerate(("light", "dark")):
            context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            page.goto(page_file.as_uri())
            shot = Path(temporary) / f"{scheme}.png"
            page.screenshot(path=shot)
            with Image.open(shot) as half:
                picture.paste(half.convert("RGB"), (place * WIDTH, 0))
            context.close()
    picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(folder / "alert-mail.png", optimize=True)
    print(mail["Subject"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
