// The picture of now, drawn on a canvas: no element, cache or blob keeps it, and the next one covers it.
const canvas = document.getElementById('picture');
const outline = document.getElementById('outline');
let wanted = false;
let timer = 0;

export function mirror(on) {
  if (on === wanted) return;
  wanted = on;
  clearTimeout(timer);
  if (on) look(); else hide();
}

function hide() {
  canvas.hidden = true;
  outline.removeAttribute('hidden');
  canvas.width = canvas.height = 1; // sets every pixel to nothing
}

async function look() {
  let again = 1000;
  try {
    const answer = await fetch('/preview', { cache: 'no-store' });
    if (answer.ok) {
      const picture = await createImageBitmap(await answer.blob());
      if (wanted) {
        if (canvas.width !== picture.width || canvas.height !== picture.height) [canvas.width, canvas.height] = [picture.width, picture.height];
        canvas.getContext('2d').drawImage(picture, 0, 0);
        canvas.hidden = false;
        outline.setAttribute('hidden', '');
      }
      picture.close();
      again = 100;
    } else hide();
  } catch { hide(); }
  if (wanted) timer = setTimeout(look, again);
}
