"""What people do with alerts: over the store itself, or through the node that has it open."""
