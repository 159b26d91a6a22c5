// The line to the room behind the page: what it says comes as events, what is touched goes as a POST.
const page = document.querySelector('meta[name=page]').content;

export async function tell(path, body) {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Edged-Page': page },
      body: JSON.stringify(body),
    });
    if (answer.status === 403) location.reload(); // the room began a new life and does not know this page
    return answer.status;
  } catch { return 0; }
}

export function listen(names, heard, lost) {
  const stream = new EventSource('/events?page=' + page);
  for (const name of names) stream.addEventListener(name, (e) => heard(name, JSON.parse(e.data)));
  stream.onopen = () => lost(false);
  stream.onerror = () => {
    lost(true);
    if (stream.readyState === EventSource.CLOSED) setTimeout(reloadWhenBack, 1000);
  };
}

async function reloadWhenBack() {
  try {
    if ((await fetch('/healthz')).ok) return location.reload();
  } catch { /* not yet */ }
  setTimeout(reloadWhenBack, 1000);
}
