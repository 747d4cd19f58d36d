"""Optional training techniques: knowledge distillation, low-rank adapters, head blending."""
