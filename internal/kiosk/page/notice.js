// The notice: five groups, their names always there, one open at a time. It is read when each has been seen to its end
// and there was time to. The groups are those of the Measures for face recognition (2025), article 5; a section that no
// group names comes last, so that nothing of a notice is ever left out.
import { t } from './words.js';

const $ = (id) => document.getElementById(id);
const groups = [['who', ['handler']], ['what', ['purpose', 'method', 'data', 'leaves', 'retention']],
  ['why', ['necessity', 'effect']], ['rights', ['rights']], ['else', []]];
const named = groups.flatMap(([, sections]) => sections);
const DWELL = 5_000; // nobody takes in five headings in less; longer would only teach people to wait

let turned = () => {};
export const onTurn = (what) => { turned = what; };
let drawn = '', open = 0, seen = new Set(), since = 0;

export const heard = () => { seen.add(open); mark(); };
export const part = () => groups[open][0];
export const read = () => seen.size === groups.length && Date.now() - since >= DWELL;

// show draws a page of the notice; without one it forgets all about it.
export function show(page, key) {
  if (!page) {
    if (drawn) $('parts').replaceChildren();
    [drawn, open, seen, since] = ['', 0, new Set(), 0];
    return;
  }
  if (drawn !== key) {
    drawn = key;
    since ||= Date.now();
    $('parts').replaceChildren(...groups.flatMap(([name, sections], i) => drawPart(name, i, sections.length
      ? sections.map((s) => page.sections.find((c) => c.name === s)).filter(Boolean)
      : page.sections.filter((c) => !named.includes(c.name)))));
    turnTo(open);
  }
}

function drawPart(name, i, sections) {
  const head = document.createElement('h2'), button = document.createElement('button'), body = document.createElement('div');
  button.id = `part-${name}`;
  button.textContent = t(`notice.${name}`);
  button.onclick = () => turnTo(i);
  button.setAttribute('aria-controls', `text-${name}`);
  head.append(button);
  Object.assign(body, { id: `text-${name}`, tabIndex: 0, onscroll: mark, className: 'text' });
  body.setAttribute('role', 'region');
  body.setAttribute('aria-labelledby', button.id);
  for (const c of sections) {
    const [h, p] = [document.createElement('h3'), document.createElement('p')];
    h.textContent = c.title;
    p.textContent = c.text;
    body.append(h, p);
  }
  return [head, body];
}

const text = () => $('parts').querySelectorAll('.text')[open];

// Either the open text scrolls, or on a narrow screen the whole list does.
function atEnd() {
  const all = $('parts').getBoundingClientRect(), it = text(), box = it.getBoundingClientRect();
  return it.scrollTop + it.clientHeight >= it.scrollHeight - 8 && (!box.height || !all.height || box.bottom <= all.bottom + 8);
}

// mark notes what has been seen, and says where the reader is.
export function mark() {
  if (!drawn) return;
  const heads = [...$('parts').querySelectorAll('h2 button')];
  if (atEnd()) seen.add(open);
  heads.forEach((b, i) => {
    b.setAttribute('aria-expanded', String(i === open));
    b.classList.toggle('seen', seen.has(i));
  });
  const all = seen.size === groups.length, words = all ? t('notice.all') : t('notice.part', { count: open + 1, of: groups.length });
  if ($('read').textContent !== words) $('read').textContent = words;
  if (all && document.activeElement === $('more')) $('read').focus(); // beside the choice, not on either answer
  $('more').hidden = all;
}

function turnTo(i) {
  open = i;
  $('parts').querySelectorAll('.text').forEach((e, n) => { e.hidden = n !== i; });
  text().scrollTop = 0;
  const head = $('parts').querySelectorAll('h2')[i];
  turned();
  $('parts').scrollTop += head.getBoundingClientRect().top - $('parts').getBoundingClientRect().top;
  mark();
}

// onward shows what comes next: the rest of this group, or the first that has not been seen.
export function onward() {
  mark();
  if (!atEnd()) {
    const it = text();
    const mover = it.scrollHeight > it.clientHeight + 8 ? it : $('parts');
    mover.scrollBy({ top: mover.clientHeight * 0.8 });
    return mark();
  }
  for (let i = 1; i <= groups.length; i++) {
    const next = (open + i) % groups.length;
    if (!seen.has(next)) return turnTo(next);
  }
}
