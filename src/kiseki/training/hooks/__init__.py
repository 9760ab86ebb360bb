"""How samples keep their IDs on the way to training, and how a step of an optimizer is seen.

tagged        a sample or batch beside the IDs that it was made of
datasets      PyTorch datasets, and what looks like one
loaders       what a training loop goes over, with the IDs taken off
optimizers    steps of torch optimizers, also those that a GradScaler leaves out
accelerated   checkpoints of Accelerate, where the loop is somebody else's
transformers  the Trainer of Hugging Face, through one line
kohya         sd-scripts, through its --dataset_class
"""
