// The customer's page: waits, watches, chats, likes, and sees it all again afterwards.
import { API, APIError } from "../shared/api.js";
import { AskAgain } from "../shared/ask-again.js";
import { ChatPanel } from "../shared/chat-panel.js";
import { byId, element, icon, placeIcons, setState, toast } from "../shared/dom.js";
import { dateTime } from "../shared/format.js";
import { LikePacer } from "../shared/like-pacer.js";
import { productCard } from "../shared/product-card.js";
import { Signaling } from "../shared/signaling.js";
import { QualityMark } from "./quality-mark.js";
import { ViewReport } from "./view-report.js";
import { ViewerToken } from "./viewer-token.js";
import { Replay } from "./replay.js";
import { ViewerConnection } from "./viewer-connection.js";

const streamId = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
const video = byId("video");
const token = new ViewerToken(streamId);
const api = new API(token.value);
const saved = { get name() { return localStorage.getItem("vitrine.name") ?? ""; } };
/** As the server knows it: another is asked for in turn with what was said before. */
let knownName = saved.name;
const signaling = new Signaling(() => ({ stream_id: streamId, role: "customer", name: knownName || undefined, token: token.value ?? undefined }));
const chat = new ChatPanel({ list: byId("chat"), form: byId("chat-form"), field: byId("message") }, signaling, streamId, { ownName: () => knownName || "Guest" });
const viewer = new ViewerConnection(video, signaling);
const report = new ViewReport(video, signaling, () => viewer.concealed());
const qualityMark = new QualityMark({ pill: byId("quality-pill"), status: byId("quality"), advice: byId("quality-advice") });
const likes = new LikePacer(signaling, streamId, (count) => { knownLikes += count; });
const recallLater = new AskAgain(async () => {
    stream = await current();
    recall();
});

let stream = null;
let pinned = [];
let replay = null;
/** Likes of the record (live), or of the replay's clock; presses come on top until the server has counted them. */
let knownLikes = 0;
let pressedInReplay = 0;

// What the page shows

function phase(name, title = "", text = "") {
    byId("stage").dataset.phase = name;
    byId("cover-title").textContent = title;
    byId("cover-text").textContent = text;
}

function showState(text, state) {
    byId("state").hidden = false;
    setState(byId("state"), text, state);
}

function showPath(path) {
    byId("connection-pill").hidden = path === null;
    byId("connection").textContent = path ?? "";
    showQuality();
}

/** Said before there is a picture only where that is why there is none. */
function showQuality() {
    const { quality } = viewer;
    qualityMark.show(byId("connection").textContent === "" && quality === "good" ? null : quality);
}

function showLikes() {
    byId("likes").textContent = String(knownLikes + (replay ? pressedInReplay : likes.waiting));
}

function showProducts(products) {
    byId("product-list").replaceChildren(...products.map((product) => productCard(product)));
    byId("no-products").hidden = products.length > 0;
}

function showRecord() {
    document.title = `${stream.title} · Vitrine`;
    byId("title").textContent = stream.title;
    byId("description").textContent = stream.description;
    byId("description").hidden = !stream.description;
    byId("viewers").textContent = String(stream.viewer_count);
}

/** Brings the page to what the record says: before, during or after the show. */
function follow(record) {
    stream = record;
    showRecord();
    if (stream.status !== "ended") {
        knownLikes = stream.likes;
        showLikes();
        pinned = stream.pinned_products;
        showProducts(pinned);
    }
    if (stream.status === "scheduled") wait();
    else if (stream.status === "live") watch();
    else recall();
}

function wait() {
    showState("Starting soon", "scheduled");
    phase("waiting", "Starting soon", stream.scheduled_at ? `The show begins ${dateTime(stream.scheduled_at)}.` : "The show begins by itself on this page.");
}

function watch() {
    showState("Live", "live");
    if (!ViewerConnection.isPossible) return phase("over", "This browser can't play live video", "Try another browser. The replay will play here.");
    if (byId("connection").textContent === "") phase("connecting", "Connecting", "The picture is on its way.");
    viewer.start();
    report.start();
}

async function recall() {
    viewer.stop();
    report.stop();
    showPath(null);
    if (replay) return;
    recallLater.stop();
    const recording = stream.recording;
    if (recording?.status === "ready") return startReplay(await current());
    showState("Ended", "ended");
    const isComing = ["waiting", "uploading", "processing"].includes(recording?.status);
    phase("over", "The show is over", isComing ? "The replay is being prepared." : "Thank you for being here.");
    // The socket tells when there is one; a page that has none asks, now and then.
    if (!signaling.isOpen) recallLater.later();
}

/** The record as it is now, with what only those who may watch are given. */
async function current() {
    try {
        return await api.livestream(streamId);
    } catch (error) {
        if (error instanceof APIError && error.status === 404) missing();
        return stream;
    }
}

function startReplay(record) {
    showState("Replay", "replay");
    phase("replay");
    chat.clear();
    byId("chat").dataset.empty = "What was said appears here at its time.";
    showMute();
    replay = new Replay(video, api, record, {
        message: (message) => chat.add(message),
        clearChat: () => chat.clear(),
        likes: (number) => { knownLikes = number; showLikes(); },
        products: showProducts,
    });
    replay.start().catch((error) => toast(error.message));
}

function missing(text) {
    signaling.close();
    recallLater.stop();
    viewer.stop();
    replay?.stop();
    byId("show").hidden = true;
    byId("missing").hidden = false;
    if (text) byId("missing-text").textContent = text;
}

function showLink(text) {
    byId("link-state").hidden = text === "";
    byId("link-state").textContent = text;
}

// What the server says

signaling.addEventListener("joined", ({ detail }) => {
    showLink("");
    // The session goes on where the shop's token has run out, with all that belongs to the show.
    if (token.value) api.token = signaling.resumeToken ?? token.value;
    viewer.iceServers = detail.ice_servers;
    if (saved.name !== knownName) signaling.send("rename", { name: saved.name || null });
    follow(detail.stream);
});
signaling.addEventListener("renamed", ({ detail }) => {
    if (detail.name === "Guest" && !["", "guest"].includes(saved.name.trim().toLowerCase())) {
        toast("That name is the host's, or can't be seen: others see you as Guest. Choose another.");
        localStorage.setItem("vitrine.name", "");
        byId("name").value = "";
    }
    knownName = saved.name === "" ? "" : detail.name;
});
signaling.addEventListener("stream_started", ({ detail }) => follow(detail.stream));
signaling.addEventListener("stream_ended", ({ detail }) => follow(detail.stream));
signaling.addEventListener("stream_update", ({ detail }) => {
    if (!stream) return;
    Object.assign(stream, detail.stream ?? {}, { viewer_count: detail.viewer_count });
    showRecord();
    if (replay) return;
    knownLikes = detail.likes;
    showLikes();
    if (stream.status === "ended" && detail.stream) recall();
});
signaling.addEventListener("product_pinned", ({ detail }) => {
    const index = pinned.findIndex((product) => product.id === detail.product.id);
    pinned = index < 0 ? [...pinned, detail.product] : pinned.with(index, detail.product);
    if (!replay) showProducts(pinned);
});
signaling.addEventListener("product_unpinned", ({ detail }) => {
    pinned = pinned.filter((product) => product.id !== detail.id);
    if (!replay) showProducts(pinned);
});
signaling.addEventListener("path_selected", ({ detail }) => {
    if (stream?.status === "live" && byId("connection").textContent !== "") showPath(detail.path);
});
signaling.addEventListener("away", () => showLink("Reconnecting"));
signaling.addEventListener("closed", ({ detail: code }) => {
    missing(code === 4401 ? "This show is for invited guests: open it from the shop's page." : undefined);
});
signaling.addEventListener("error", ({ detail }) => {
    if (detail.client_batch_id || detail.client_message_id) return;
    if (detail.in_reply_to === "join" && detail.code === "not_found") return missing();
    toast(detail.message);
});

// The picture

viewer.addEventListener("quality", showQuality);
viewer.addEventListener("asleep", () => { byId("play").hidden = false; });
viewer.addEventListener("picture", ({ detail: path }) => {
    showPath(path);
    phase("live");
});
viewer.addEventListener("frozen", () => phase("reconnecting", "One moment", "The picture is being fetched again."));
viewer.addEventListener("moving", () => phase("live"));

// What people do

function showMute() {
    byId("mute-label").textContent = video.muted ? "Unmute" : "Mute";
    byId("mute").querySelector(".icon").replaceChildren(icon(video.muted ? "soundOff" : "soundOn"));
    byId("mute").toggleAttribute("data-muted", video.muted);
}

/** The stage takes the picture's shape, within reason: phones broadcast upright, cameras wide. */
function fitStage() {
    if (video.videoWidth === 0) return;
    const shape = Math.min(16 / 9, Math.max(4 / 5, video.videoWidth / video.videoHeight));
    byId("stage").style.setProperty("--picture", String(shape));
}

function toggleMute() {
    video.muted = !video.muted;
    if (!video.muted) video.play().catch(() => {});
}

function toggleFullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (byId("stage").requestFullscreen) byId("stage").requestFullscreen().catch(() => toast("Full screen isn't possible here."));
    else video.webkitEnterFullscreen?.();
}

function like() {
    likes.press();
    if (replay) pressedInReplay += 1;
    showLikes();
    byId("like").dataset.pressed = "";
    const heart = element("span", { class: "heart", "aria-hidden": "true" }, icon("heart"));
    heart.addEventListener("animationend", () => heart.remove());
    if (byId("stage").querySelectorAll(".heart").length < 12 && !matchMedia("(prefers-reduced-motion: reduce)").matches) byId("stage").append(heart);
}

/** The browser plays nothing before a press, as it does on a phone that saves power. */
function play() {
    byId("play").hidden = true;
    video.play().catch(() => { byId("play").hidden = false; });
}

function rename() {
    const name = byId("name").value.trim();
    if (name === saved.name) return;
    localStorage.setItem("vitrine.name", name);
    signaling.send("rename", { name: name || null });
}

function shortcut(event) {
    // Who dictates or slips on keys can turn them off (WCAG 2.1.4).
    if (!byId("shortcuts").checked || event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = { m: toggleMute, f: toggleFullScreen, l: like }[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
}

placeIcons();
byId("name").value = saved.name;
byId("play").addEventListener("click", play);
video.addEventListener("playing", () => { byId("play").hidden = true; });
token.addEventListener("change", () => { api.token = token.value; });
byId("mute").addEventListener("click", toggleMute);
byId("full-screen").addEventListener("click", toggleFullScreen);
byId("like").addEventListener("click", like);
byId("name").addEventListener("change", rename);
video.addEventListener("volumechange", showMute);
video.addEventListener("resize", fitStage);
byId("shortcuts").checked = localStorage.getItem("vitrine.shortcuts") !== "off";
byId("shortcuts").addEventListener("change", ({ target }) => localStorage.setItem("vitrine.shortcuts", target.checked ? "on" : "off"));
showMute();
document.addEventListener("keydown", shortcut);
phase("connecting", "One moment", "");
signaling.connect();
