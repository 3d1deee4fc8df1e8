// Runs in a page: opens a WebSocket, registers, and says how that went.
({ url, token }) =>
  new Promise((resolve) => {
    const socket = new WebSocket(url);
    const heard = [];
    window.sockets = [...(window.sockets ?? []), socket];
    socket.onopen = () =>
      socket.send(JSON.stringify({ message_type: "register", data: { app_name: "page", token } }));
    socket.onmessage = ({ data }) => {
      heard.push(JSON.parse(data).message_type);
      if (heard.at(-1) === "registered") resolve({ heard, code: null });
    };
    socket.onclose = ({ code }) => resolve({ heard, code });
  });
