// Light and dark: the system's choice until the reader makes another.
import { h } from "./dom";

const LOOKS = ["auto", "light", "dark"] as const;
type Look = (typeof LOOKS)[number];
const KEY = "bitwright-look";

export function themeButton(): HTMLElement {
  let look = stored();
  const button = h("button", { type: "button", onclick: () => {
    look = LOOKS[(LOOKS.indexOf(look) + 1) % LOOKS.length]!;
    store(look);
    show();
  } });
  const show = () => {
    document.documentElement.dataset.look = look;
    button.textContent = `Look: ${look}`;
  };
  show();
  return button;
}

/** Storage may be forbidden, as it is for files in some browsers; then the choice lasts as long as the page. */
function stored(): Look {
  try {
    return LOOKS.find((look) => look === localStorage.getItem(KEY)) ?? "auto";
  } catch {
    return "auto";
  }
}

function store(look: Look): void {
  try {
    localStorage.setItem(KEY, look);
  } catch {
    // not kept
  }
}
