// The admin's page: who comes in, and which show is open. The token stays in this tab and in no address.
import { API, APIError } from "../shared/api.js";
import { ask } from "../shared/ask.js";
import { byId, toast } from "../shared/dom.js";
import { guardSecondTaps } from "../shared/second-tap.js";
import { forgetReload } from "./on-air-mark.js";
import { Overview } from "./overview.js";
import { Studio } from "./studio.js";

const tokenKey = "vitrine.admin-token";
const retryPause = 2000;
let retry = null;
let studio = null;
let overview = null;
let api = null;

/** Takes the token out of the address at once, before anything can copy or send it. One that is known stays until
 *  another has proven right. */
function takeToken() {
    const token = new URLSearchParams(location.hash.replace(/^#/, "")).get("token");
    const known = sessionStorage.getItem(tokenKey);
    if (!token) return known;
    if (!known) sessionStorage.setItem(tokenKey, token);
    history.replaceState(null, "", studio ? `#/live/${studio.id}` : location.pathname);
    return token;
}

async function isValid(token) {
    const response = await fetch("/api/admin", { headers: new API(token).authorization });
    return response.status !== 401;
}

function signIn(text = "") {
    byId("desk").hidden = true;
    byId("sign-in").hidden = false;
    byId("sign-in-trouble").hidden = text === "";
    byId("sign-in-trouble").textContent = text;
    byId("token").focus();
}

async function enter(token) {
    if (!token) return signIn();
    clearTimeout(retry);
    try {
        if (!(await isValid(token))) return refuse(token);
    } catch {
        // Who is in stays in, whatever link was opened: a show may be on air here.
        if (api) return toast("The server can't be reached: the token in that link wasn't tried.");
        retry = setTimeout(() => { if (!byId("sign-in").hidden && byId("token").value === "") enter(token); }, retryPause);
        return signIn("The server can't be reached. This page tries again by itself.");
    }
    sessionStorage.setItem(tokenKey, token);
    byId("sign-in").hidden = true;
    byId("desk").hidden = false;
    if (api) {
        api.token = token;
    } else {
        api = new API(token);
        overview = new Overview(api);
    }
    route();
}

function refuse(token) {
    if (api) return toast("The token in that link isn't valid here. You are still signed in with the one before.");
    const known = sessionStorage.getItem(tokenKey);
    if (known && known !== token) return enter(known);
    sessionStorage.removeItem(tokenKey);
    signIn("This token isn't valid here. Copy it once more from what the server printed.");
}

let isAsking = false;

/** Whoever leaves the studio of a show that he broadcasts stops it for everybody, so he is asked. */
async function mayLeave() {
    const wanted = location.hash;
    history.replaceState(null, "", `#/live/${studio.id}`);
    if (isAsking) return false;
    isAsking = true;
    const isMeant = await ask({
        title: "Leave the show?", text: studio.isEnding
            ? "The server hasn't heard yet that the show is to end. Stay until it has, or it goes on without you."
            : "You are on air. If you leave, your picture stops at once, and the show ends soon after.",
        yes: "Leave", no: "Stay",
    });
    isAsking = false;
    if (isMeant) history.replaceState(null, "", wanted || "#/");
    return isMeant;
}

/** `#/live/ID` opens a show, anything else the list. */
async function route() {
    const id = /^#\/live\/([\w-]{8,64})$/.exec(location.hash)?.[1];
    if (studio?.id === id && id) return;
    if ((studio?.isBroadcaster || studio?.isEnding) && !(await mayLeave())) return;
    studio?.close();
    studio = null;
    byId("overview").hidden = Boolean(id);
    byId("studio").hidden = !id;
    overview.open(id);
    if (!id) return forgetReload();
    try {
        const record = await api.livestream(id);
        if (location.hash !== `#/live/${id}`) return;
        studio = new Studio(api, record, () => overview.refresh());
        scrollTo(0, 0);
    } catch (error) {
        forgetReload();
        toast(error instanceof APIError && error.status === 404 ? "This show is no longer there." : error.message);
        location.hash = "#/";
    }
}

byId("sign-in-form").addEventListener("submit", (event) => {
    event.preventDefault();
    enter(byId("token").value.trim());
});
guardSecondTaps();

/** The printed link may be opened in a tab that is here already. */
addEventListener("hashchange", () => {
    if (new URLSearchParams(location.hash.slice(1)).has("token")) enter(takeToken());
    else if (api) route();
});
enter(takeToken());
