#!/usr/bin/python3
"""A real RTSP camera for the tests: camera.py PORT serves rtsp://127.0.0.1:PORT/cam, a moving picture in H.264."""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
server = GstRtspServer.RTSPServer.new()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory.new()
factory.set_launch(
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=15/1"
    " ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph264pay name=pay0 pt=96"
)
factory.set_shared(True)
factory.set_latency(0)
server.get_mount_points().add_factory("/cam", factory)
if not server.attach(None):
    sys.exit("port %s is taken" % sys.argv[1])
print("ready", flush=True)
GLib.MainLoop().run()
