// A picture takes the height that the rest of its slide leaves.
function fit(slide) {
  const pictures = [...slide.querySelectorAll(".jp-RenderedImage img")];
  if (!pictures.length || slide.dataset.fitted) return;
  const scale = Reveal.getScale();
  pictures.forEach((picture) => { picture.style.height = "auto"; });
  const excess = slide.scrollHeight - (Reveal.getConfig().height - 10);
  if (excess > 0) {
    pictures.forEach((picture) => {
      const height = picture.getBoundingClientRect().height / scale;
      picture.style.height = `${height - excess / pictures.length}px`;
      picture.style.width = "auto";
    });
  }
  slide.dataset.fitted = "yes";
}

window.addEventListener("load", async () => {
  await MathJax.startup.promise;
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0.02, center: false, hash: true,
    slideNumber: "c/t", transition: "none", plugins: [RevealNotes],
    pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1,
  });
  Reveal.on("slidechanged", (event) => fit(event.currentSlide));
  Reveal.on("pdf-ready", () => {
    Reveal.getSlides().forEach(fit);
    document.body.dataset.printable = "yes";  // print_handout waits for it
  });
  fit(Reveal.getCurrentSlide());
});
