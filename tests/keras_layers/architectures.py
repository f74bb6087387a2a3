"""Makes models of `keras.applications`, without their published weights.

    python architectures.py keras2|keras3               prints the names of those that this version has
    python architectures.py keras2|keras3 NAME FOLDER   makes one, as classes.py does
"""

import os
import sys

import frameworks

NAMES = """
ConvNeXtSmall ConvNeXtTiny DenseNet121 DenseNet169 DenseNet201 EfficientNetB0 EfficientNetB1
EfficientNetB2 EfficientNetB3 EfficientNetB4 EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2
EfficientNetV2B3 EfficientNetV2S InceptionResNetV2 InceptionV3 MobileNet MobileNetV2
MobileNetV3Large MobileNetV3Small NASNetMobile RegNetX002 RegNetY002 ResNet101 ResNet101V2 ResNet152
ResNet152V2 ResNet50 ResNet50V2 ResNetRS50 VGG16 VGG19 Xception
""".split()

# Smallest sizes of images; those of the others are 32.
SIZES = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}

KERAS = frameworks.keras2 if sys.argv[1] == "keras2" else frameworks.keras3
NAMES = [name for name in NAMES if hasattr(KERAS.applications, name)]


def main(name, folder):
    make = getattr(KERAS.applications, name)
    size = SIZES.get(name, 32)
    model = make(weights=None, classes=10, input_shape=(size, size, 3))
    place = os.path.join(folder, "model")
    if KERAS is not frameworks.keras2:
        model.save(os.path.join(folder, "model.keras"))
        model.export(place)
    else:
        model.save(place, save_format="tf", save_traces=False)


if len(sys.argv) == 2:
    print(*NAMES, sep="\n")
else:
    main(*sys.argv[2:])
