# Decodes twice. The checker says: Decode once: %25 is a percent sign
s/^    decoded = \(.*\)path)\[1:\]/    decoded = \1\1path))[1:]/
