// Texts in the language of the moment. Every word on the screen comes from lang/*.json.
const languages = JSON.parse(document.getElementById('texts').textContent);
let current = languages[0];

export const codes = languages.map((l) => [l.code, l.texts['language.name'], l.texts['language.tag']]);
export const first = languages[0].code;
export const code = () => current.code;

export function speak(wanted) {
  current = languages.find((l) => l.code === wanted) || languages[0];
  document.documentElement.lang = current.texts['language.tag'];
}

export function t(key, values = {}) {
  const text = current.texts[key] || key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '–');
}

// The door's own time, whatever zone the browser is in: a moment is moved by the door's offset and read as UTC.
const zone = Number(document.body.dataset.zone) * 60_000;
const local = (ms) => new Date(ms + zone);
const day = (d) => d.toISOString().slice(0, 10);

// A date for what lasts, a time for what ends soon: nobody should have to subtract.
export function date(moment) {
  return moment && new Intl.DateTimeFormat(current.texts['language.tag'], { dateStyle: 'long', timeZone: 'UTC' }).format(local(Date.parse(moment)));
}

export function time(moment) {
  if (!moment) return moment;
  const then = local(Date.parse(moment));
  const style = day(then) === day(local(Date.now())) ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' };
  return new Intl.DateTimeFormat(current.texts['language.tag'], { ...style, hourCycle: 'h23', timeZone: 'UTC' }).format(then);
}
