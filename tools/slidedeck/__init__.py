"""노트북을 reveal.js 슬라이드로 바꾸는 부품입니다. 명령은 tools/slides.py입니다."""
