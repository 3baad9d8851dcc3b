// A search result shows its lines where they can be fetched: not from a folder.
if (typeof DOCUMENTATION_OPTIONS !== "undefined" && location.protocol === "file:")
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// The arrow beside an entry of the menu has no name of its own.
document.addEventListener("DOMContentLoaded", () => {
  for (const arrow of document.querySelectorAll(".bd-sidebar-primary summary")) {
    const entry = arrow.closest("li").querySelector("a").textContent.trim();
    arrow.setAttribute("aria-label", `Pages of ${entry}`);
  }
});

// A tap on a figure fills the screen with it, at least 1,000 pixels wide.
document.addEventListener("DOMContentLoaded", () => {
  const dialog = document.createElement("dialog");
  dialog.className = "enlarged";
  dialog.setAttribute("aria-label", "Figure");
  const picture = dialog.appendChild(document.createElement("img"));
  const button = dialog.appendChild(document.createElement("button"));
  button.textContent = "Close";
  dialog.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  for (const figure of document.querySelectorAll(".bd-article .cell_output img")) {
    const open = () => {
      picture.src = figure.src;
      picture.alt = figure.alt;
      dialog.showModal();
    };
    figure.tabIndex = 0;
    figure.addEventListener("click", open);
    figure.addEventListener("keydown", (event) => event.key === "Enter" && open());
  }
});

// A table that is wider than its place scrolls: with the keyboard, too.
window.addEventListener("load", () => {
  for (const table of document.querySelectorAll(".bd-article table")) {
    if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
  }
});
