"""`squall kafka`, and the development broker, `squall broker`."""

from squall.cli.kafka.topics import app as app
