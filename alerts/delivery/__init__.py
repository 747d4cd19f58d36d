"""Delivery of queued messages: a lane per receiver, so that one receiver holds up no other, nor the detector."""
