// Before anything is drawn: the light or dark that was chosen on an earlier visit. Loaded as a plain script in <head>.
try {
  const theme = localStorage.getItem("wasla.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // storage may be forbidden: then it is the system's choice
}
