/** Texts of the panel. Names and states of entities come from Home Assistant in the user's language. */

const DOCUMENTATION = "https://github.com/anavi-weather/anavi_weather/blob/main/docs";

const ENGLISH = {
  title: "Weather panel",
  description: "All ANAVI Weather stations: readings, graphs, forecast, and the remote control's buttons.",
  weather: "Weather",
  now: "Now",
  hours: (number) => `Last ${number} hours`,
  days: (number) => `Last ${number} days`,
  remote: "Remote control",
  commands: (number) => `${number} commands`,
  more: (number) => `${number} more: send them with the action remote.send_command`,
  noCommands: "Learn or import commands",
  infraredPage: `${DOCUMENTATION}/infrared.md`,
  map: "Map of the stations",
  station: "Station",
  noStation: "There is no ANAVI Weather station yet",
  addStation: "Add a station",
};

const PORTUGUESE = {
  title: "Painel do Clima",
  description: "Todas as estações ANAVI Weather: leituras, gráficos, previsão e os botões do controle remoto.",
  weather: "Tempo",
  now: "Agora",
  hours: (number) => `Últimas ${number} horas`,
  days: (number) => `Últimos ${number} dias`,
  remote: "Controle remoto",
  commands: (number) => `${number} comandos`,
  more: (number) => `Mais ${number}: envie-os com a ação remote.send_command`,
  noCommands: "Aprender ou importar comandos",
  infraredPage: `${DOCUMENTATION}/infrared.pt-BR.md`,
  map: "Mapa das estações",
  station: "Estação",
  noStation: "Ainda não há uma estação ANAVI Weather",
  addStation: "Adicionar uma estação",
};

/** Return the texts in a language such as `pt-BR`. */
export const texts = (language) => (/^pt\b/i.test(language ?? "") ? PORTUGUESE : ENGLISH);
