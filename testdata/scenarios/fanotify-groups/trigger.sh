! errlab fangrp 1
