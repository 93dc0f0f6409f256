// A step on site says where the phone is: closing with a photo wants one taken near the place. Whoever has not allowed it
// is asked when she chooses a photo, and may refuse: the form goes without.

const forms = [...document.forms].filter((form) => form.querySelector("[data-position]"));

function fillIn({ coords }) {
  for (const form of forms) {
    form.querySelector("[data-position=lon]").value = coords.longitude.toFixed(6);
    form.querySelector("[data-position=lat]").value = coords.latitude.toFixed(6);
  }
}

function locate() {
  navigator.geolocation.getCurrentPosition(fillIn, () => {}, {
    enableHighAccuracy: true,
    maximumAge: 60_000,
    timeout: 20_000,
  });
}

if (forms.length && "geolocation" in navigator) {
  for (const form of forms) {
    form.addEventListener("change", (event) => event.target.type === "file" && locate());
  }
  navigator.permissions
    ?.query({ name: "geolocation" })
    .then(({ state }) => {
      if (state === "granted") locate();
    })
    .catch(() => {});
}
