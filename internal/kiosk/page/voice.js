// What the screen says aloud, for whoever has asked for it in this turn. Only recordings that this terminal has are
// asked for; where there are none, nothing of all this is loaded.
const names = JSON.parse(document.getElementById('recordings').textContent);
let on = false, last = '', playing = null;

export const able = names.length > 0;
export const aloud = () => on;

export function toggle(wanted = !on) {
  on = wanted;
  last = '';
  hush();
}

function hush() {
  playing?.pause();
  playing = null;
}

// say plays what belongs to a text, once for each time that it comes up. heard is called at its end.
export function say(lang, key, heard) {
  const name = lang + '/' + key;
  if (!on || name === last) return;
  last = name;
  hush();
  if (!names.includes(name)) return;
  const mine = playing = new Audio('/voice/' + name);
  mine.onended = () => { if (playing === mine) { playing = null; heard?.(); } };
  mine.play().catch(() => { /* no loudspeaker: it stands on the screen */ });
}
