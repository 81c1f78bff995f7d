sed -i 's,^#!.*,#!/bin/sh,' /tmp/deploy
