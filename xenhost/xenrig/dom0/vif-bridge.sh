#!/bin/sh
# Attaches the back half of a guest's network card to its bridge. xl says which in vif and XENBUS_PATH.
export PATH=/sbin:/bin:/usr/bin
case $1 in
online | add)
	bridge=$(xenstore-read "$XENBUS_PATH/bridge" 2>/dev/null)
	ip link set "$vif" up
	brctl addif "${bridge:-xenbr0}" "$vif"
	xenstore-write "$XENBUS_PATH/hotplug-status" connected
	;;
offline | remove)
	ip link set "$vif" down 2>/dev/null
	xenstore-rm "$XENBUS_PATH/hotplug-status" 2>/dev/null
	;;
esac
exit 0
