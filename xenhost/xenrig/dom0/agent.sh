#!/bin/sh
# One connection is one command: its line comes first, then its input. Its output goes back, and at the end
# a zero byte and how it ended, in three digits.
export PATH=/sbin:/bin:/usr/bin:/usr/lib/xen-4.17/bin HOME=/root TERM=dumb
cd /guests
read -r line
(eval "$line")
printf '\000%03d\n' $?
