// 글꼴이 온 뒤에 화면에 맞게 나누고, 그다음에 reveal.js를 시작합니다.
(async () => {
  await Promise.all([...document.fonts].map((font) => font.load()));
  const slides = document.querySelector(".reveal .slides");
  paginateAll(slides);
  mountLive(slides);
  await Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    hash: true,
    slideNumber: "c/t",
    navigationMode: "linear", // 오른쪽 화살표와 발표용 리모컨이 아래 슬라이드도 빠뜨리지 않습니다.
    transition: "none",
    controls: false,
    help: false,
    pdfSeparateFragments: false,
    plugins: [RevealNotes],
  });
  const message = { namespace: "course-slides", slides: Reveal.getTotalSlides() };
  if (parent !== window) parent.postMessage(JSON.stringify(message), "*");
})();
