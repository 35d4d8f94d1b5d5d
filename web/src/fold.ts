// Models fold. What a link leads to is unfolded, and so is everything while the page is printed.
export function unfoldOnDemand(): void {
  const show = (hash: string) => document.getElementById(hash.slice(1))?.closest("details")?.setAttribute("open", "");
  addEventListener("click", ({ target }) => {
    const link = target instanceof Element ? target.closest('a[href^="#"]') : null;
    if (link) show(link.getAttribute("href")!);
  });
  addEventListener("hashchange", () => show(location.hash));
  show(location.hash);

  let folded: HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open])")];
    for (const model of folded) model.open = true;
  });
  addEventListener("afterprint", () => {
    for (const model of folded) model.open = false;
  });
}
