// A deck on a screen, with reveal.js, or with ?handout on paper.
const deck = document.querySelector("main");

async function onScreen() {
  const slides = [...deck.querySelectorAll(".slides > section")];
  const seconds = slides.reduce((sum, one) => sum + Number(one.dataset.timing), 0);
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0, center: false, display: "flex", controls: false,
    hash: true, slideNumber: "c/t", transition: "none", navigationMode: "linear",
    backgroundTransition: "none", scrollActivationWidth: null,
    totalTime: seconds, plugins: [RevealNotes],
  });
}

// Two slides a page, each above its notes, every step shown.
function onPaper() {
  const sheet = document.createElement("main");
  sheet.className = "handout";
  sheet.append(deck.querySelector("h1"));
  for (const slide of deck.querySelectorAll(".slides > section")) {
    const pair = document.createElement("div");
    pair.className = "pair";
    pair.innerHTML = '<div class="frame"><div class="reveal"><div class="slides">' +
      '</div></div></div><div class="said"></div>';
    const notes = slide.querySelector("aside.notes");
    if (notes) {
      pair.querySelector(".said").append(...notes.childNodes);
      notes.remove();
    }
    pair.querySelector(".slides").append(slide);
    sheet.append(pair);
  }
  deck.replaceWith(sheet);
  document.body.dataset.printable = "yes"; // print_handout waits for it
}

window.addEventListener("load", async () => {
  await MathJax.startup.promise;
  // The copy for screen readers would be seen, doubled, in the speaker's window.
  document.querySelectorAll(".notes mjx-assistive-mml").forEach((copy) => copy.remove());
  await (location.search === "?handout" ? onPaper() : onScreen());
});
