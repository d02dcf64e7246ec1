"""Networks for images, with weights that others have trained (Chainer: *Pre-trained models*)."""
