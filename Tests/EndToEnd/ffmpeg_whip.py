"""FFmpeg's WHIP muxer as an encoder of its own process: ffmpeg_whip.py URL TOKEN CODEC SECONDS GOP [OPTION=VALUE …].

Options are the muxer's own, such as cert_file. Says `key SECONDS` for each key frame that it hands over, by the
machine's monotonic clock. Deaf to requests for key frames, as the muxer is.
"""

import sys
import time
from fractions import Fraction

import av

WIDTH, HEIGHT, RATE = 320, 240, 30
SAMPLES = 960


def streams(output, codec, gop):
    video = output.add_stream(codec, rate=RATE)
    video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    video.gop_size, video.bit_rate = gop, 300_000
    video.max_b_frames = 0
    video.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "sc_threshold": "0"}
    audio = output.add_stream("libopus", rate=48_000)
    audio.layout = "stereo"
    return video, audio


def picture(number):
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    for plane in frame.planes:
        plane.update(bytes([number * 5 % 256]) * plane.buffer_size)
    frame.pts, frame.time_base = number, Fraction(1, RATE)
    return frame


def silence(start):
    frame = av.AudioFrame(format="flt", layout="stereo", samples=SAMPLES)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
    return frame


def main(url, token, codec, seconds, gop, *options):
    output = av.open(url, "w", format="whip",
                     options={"authorization": token, **dict(option.split("=", 1) for option in options)})
    video, audio = streams(output, codec, int(gop))
    start, number, samples = None, 0, 0
    while start is None or time.monotonic() - start < float(seconds):
        for packet in video.encode(picture(number)):
            output.mux(packet)  # the first one connects
            if packet.is_keyframe:
                print(f"key {time.monotonic():.3f}", flush=True)
        start = start or time.monotonic()
        number += 1
        while samples / 48_000 < number / RATE:
            for packet in audio.encode(silence(samples)):
                output.mux(packet)
            samples += SAMPLES
        time.sleep(max(0, start + number / RATE - time.monotonic()))
    output.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
