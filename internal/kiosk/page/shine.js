// The colours of a challenge, over the whole screen. Nothing is shown to whoever has asked their device for less motion:
// then the face is not judged, and the PIN opens.
const sheet = document.getElementById('shine');
let timer = 0;

export function shine({ lights, ms }) {
  clearTimeout(timer);
  if (matchMedia('(prefers-reduced-motion: reduce)').matches || ms < 334) return; // three changes a second at most
  step(lights, ms);
}

function step([now, ...rest], ms) {
  sheet.hidden = !now;
  if (!now) return;
  sheet.dataset.light = now;
  timer = setTimeout(step, ms, rest, ms);
}
