"""What operators read and change: alerts, silences and the store's schema, over the store itself or through the node that has it open."""
